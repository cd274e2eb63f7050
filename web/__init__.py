"""Every way in over HTTP: the form and pages, Slack's endpoints, decision links, the JSON API, the sandbox."""
