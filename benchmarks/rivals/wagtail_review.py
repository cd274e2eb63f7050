"""How fast does Wagtail do a whole review? On SQLite (WAL, synchronous FULL).

One review: create a draft page with its revision and start the workflow on it, whose first task is an automatic check
(it approves itself as it starts) and whose second task is a GroupApprovalTask; then, as a request would, read the
page and its task afresh, ask whether the person may approve it, and approve. The record of who approved is the task
state, and Wagtail's own page log.

Chosen in Wagtail's favour: the submission is one transaction (its editor commits each write by itself), approval does
not publish, and the apps that mail people (wagtail.admin) and index pages for search are not installed.

    python wagtail_review.py [reviews]
"""

import json
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

REVIEWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
WARM_UP = 10


def configure(folder: str) -> None:
    settings.configure(
        SECRET_KEY="only for the benchmark",
        INSTALLED_APPS=[
            "wagtail_pages",
            "wagtail",
            "modelcluster",
            "taggit",
            "django.contrib.auth",
            "django.contrib.contenttypes",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(folder, "wagtail.sqlite"),
                "OPTIONS": {
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                    "transaction_mode": "IMMEDIATE",
                },
            }
        },
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        STATIC_URL="static/",
        USE_TZ=True,
        WAGTAIL_SITE_NAME="Benchmark",
        WAGTAIL_FINISH_WORKFLOW_ACTION="wagtail_pages.keep_approved",
    )
    django.setup()
    call_command("migrate", verbosity=0)


def measure() -> tuple[float, list[float]]:
    """The seconds all reviews took together, and those of each decision."""
    from django.contrib.auth.models import Group, User
    from wagtail.models import GroupApprovalTask, Page, TaskState, Workflow, WorkflowState, WorkflowTask
    from wagtail_pages.models import CheckTask, PostPage

    ana, lee = User.objects.create(username="ana"), User.objects.create(username="lee")
    approvers = Group.objects.create(name="Approvers")
    lee.groups.add(approvers)
    approval = GroupApprovalTask.objects.create(name="Approval")
    approval.groups.add(approvers)
    workflow = Workflow.objects.create(name="Review")
    for order, task in enumerate([CheckTask.objects.create(name="Check"), approval]):
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    root = Page.objects.get(depth=1)

    def one_review(number: int) -> float:
        with transaction.atomic():
            page = PostPage(title=f"Post {number}", slug=f"post-{number}", text=f"Post number {number}", live=False)
            root.add_child(instance=page)
            page.save_revision(user=ana, log_action=True)
            workflow.start(page, ana)
        start = time.perf_counter()
        page = PostPage.objects.get(pk=page.pk)
        state = page.current_workflow_task_state
        task = state.task.specific
        if "approve" not in {action for action, *_ in task.get_actions(page, lee)}:
            raise SystemExit("Lee may not approve")
        task.on_action(state, lee, "approve")
        return time.perf_counter() - start

    for number in range(WARM_UP):
        one_review(number)
    start = time.perf_counter()
    decisions = [one_review(number) for number in range(WARM_UP, WARM_UP + REVIEWS)]
    seconds = time.perf_counter() - start
    approved = WorkflowState.objects.filter(status=WorkflowState.STATUS_APPROVED).count()
    by_lee = TaskState.objects.filter(status=TaskState.STATUS_APPROVED, finished_by=lee).count()
    if not approved == by_lee == WARM_UP + REVIEWS:
        raise SystemExit(f"{approved} of {WARM_UP + REVIEWS} reviews are approved, {by_lee} of them by Lee")
    return seconds, decisions


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        seconds, decisions = measure()
        connection.close()
    result = {
        "rival": "Wagtail",
        "version": version("wagtail"),
        "database": "sqlite",
        "reviews_per_s": round(REVIEWS / seconds, 1),
        "decision_ms_p50": round(statistics.median(decisions) * 1000, 2),
        "n": REVIEWS,
        "does": "A draft page with its revision through a workflow of a self-approving check and one group approval, "
        "the approver kept in the task state and the page log.",
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
