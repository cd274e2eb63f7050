"""The small Django app that wagtail_review.py measures Wagtail with."""


def keep_approved(workflow_state: object, user: object = None) -> None:
    """What follows the last approval: nothing. (Wagtail publishes the page at once, unless told otherwise.)"""
