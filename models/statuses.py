"""The names that a post's status, its actions and the ways in may have."""

from enum import StrEnum


class Status(StrEnum):
    """Every fixed status. Review stages add their own (`legal_review`, …) through config/workflow.yaml."""

    DRAFT = "draft"
    POLICY_CHECK = "policy_check"
    APPROVED = "approved"  # all reviews passed; waits for a publication time
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"  # claimed by a publisher, on its way out
    PUBLISHED = "published"
    PUBLISH_FAILED = "publish_failed"  # certainly not out
    PUBLISH_UNKNOWN = "publish_unknown"  # the answer was lost; a person settles it
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


FINAL = frozenset({Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN})


class ActionName(StrEnum):
    """Everything that can be asked of a post."""

    SUBMIT = "submit"
    EDIT = "edit"
    PASS_POLICY = "pass_policy"
    BLOCK_POLICY = "block_policy"
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    REMIND = "remind"
    ESCALATE = "escalate"
    PAGE = "page"
    EXPIRE = "expire"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    WITHDRAW = "withdraw"
    CLAIM_PUBLISH = "claim_publish"
    CONFIRM_PUBLISH = "confirm_publish"
    RETRY_PUBLISH = "retry_publish"
    FAIL_PUBLISH = "fail_publish"
    LOSE_PUBLISH = "lose_publish"
    SETTLE_PUBLISH = "settle_publish"


DECISIONS = frozenset({ActionName.APPROVE, ActionName.REQUEST_CHANGES, ActionName.REJECT})


class Surface(StrEnum):
    """The way in that an action came by; kept with every decision."""

    WEB = "web"
    SLACK = "slack"
    MAIL = "mail"
    API = "api"
    CLI = "cli"
    SYSTEM = "system"
