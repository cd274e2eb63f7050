"""A page with a text, and the automatic check that stands before the people in the workflow."""

from typing import Any

from django.db import models
from wagtail.models import Page, Task, TaskState


class PostPage(Page):
    text = models.TextField()


class CheckTask(Task):
    """A task that nobody is asked about: it approves itself, or rejects, as it starts."""

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        task_state = super().start(workflow_state, user=user)
        if "forbidden" in workflow_state.content_object.get_latest_revision_as_object().text:
            return task_state.reject(user=user, update=False)
        return task_state.approve(user=user, update=False)
