// Small comforts; every page works without them.
// 1. A page that waits for something (data-refresh) looks again every two seconds, unless somebody is typing.
// 2. The draft form shows the fields of the chosen channels only, and counts characters.
(() => {
  const live = document.querySelector("[data-refresh]");
  const dirty = () => [...document.querySelectorAll("main textarea, main input:not([type=hidden])")].some(
    (field) => field === document.activeElement || (field.value || "") !== (field.defaultValue || ""));
  const open = () => document.querySelector("main details[open]") !== null;
  if (live) {
    let seen = live.dataset.refresh;
    const look = async () => {
      if (document.hidden || dirty() || open()) return;
      try {
        const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-refresh]");
        if (fresh && fresh.dataset.refresh !== seen && !dirty() && !open()) {
          seen = fresh.dataset.refresh;
          document.querySelector("main").replaceWith(page.querySelector("main"));
        }
      } catch { /* the server is away; the next look tells */ }
    };
    setInterval(look, 2000);
  }
  const form = document.querySelector("form[data-draft]");
  if (form) {
    const channels = () => [...form.querySelectorAll("input[name=channels]")];
    const show = () => channels().forEach((box) => {
      const part = form.querySelector(`[data-channel="${CSS.escape(box.value)}"]`);
      if (part) part.hidden = !box.checked;
    });
    channels().forEach((box) => box.addEventListener("change", show));
    form.querySelectorAll("textarea[data-count]").forEach((area) => {
      const out = document.getElementById(area.dataset.count);
      const count = () => { if (out) out.textContent = `${[...area.value].length} characters`; };
      area.addEventListener("input", count);
      count();
    });
    show();
  }
})();
