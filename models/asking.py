"""Who is asked to decide: the people whose decision is still missing, and who have not given theirs."""

from models.quorum import Slots, Voice, lacking
from models.state import PostState
from models.workflow import Stage


def still_needed(post: PostState, stage: Stage) -> Slots:
    """The roles to be filled yet, by the way to a quorum that lacks least among those that somebody can complete."""
    ways = lacking(stage.needs, post.voices(stage))
    free = _free(post, stage)
    open_ways = [way for way in ways if all(_candidates(role, stage, free) for role in way)]
    return (open_ways or ways)[0]


def asked(post: PostState, stage: Stage) -> tuple[Voice, ...]:
    """The holders of the roles still needed, or who may stand in where there are none; and whom it was escalated to."""
    free = _free(post, stage)
    wanted = [_candidates(role, stage, free) for role in dict.fromkeys(still_needed(post, stage))]
    called = [voice for voice in free if voice.roles & _escalated(post, stage)]
    return tuple({voice.person: voice for voices in [*wanted, called] for voice in voices}.values())


def _escalated(post: PostState, stage: Stage) -> frozenset[str]:
    """The roles that the ladder has escalated to by now."""
    fired = post.timer.fired if post.timer and post.timer.stage == stage.status else ()
    return frozenset(role for index in fired if index < len(stage.rungs) and (role := stage.rungs[index].role))


def _candidates(role: str, stage: Stage, free: tuple[Voice, ...]) -> list[Voice]:
    holders = [voice for voice in free if role in voice.roles]
    return holders or [voice for voice in free if role in stage.fills(voice.roles)]


def _free(post: PostState, stage: Stage) -> tuple[Voice, ...]:
    """Those who neither wrote nor edited the post, and have not decided on it at this stage."""
    decided = {d.person for d in post.decisions if d.stage == stage.status and post.is_about_this(d)}
    barred = {post.author, post.last_editor} | decided
    return tuple(voice for voice in post.members if not barred & {voice.person, voice.holder})
