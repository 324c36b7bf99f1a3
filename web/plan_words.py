"""The words for plans of all offices: one table each."""

from core.text import Text, counted
from quotas.drafts import Draft
from quotas.plans import Base, Plan

NOTHING = "none"
"""What stands for no plan in forms."""

BASES: dict[str, Text] = {
    Base.LAST_YEAR: Text("What was used in the same period of last year"),
    Base.FIXED: Text("A fixed amount"),
    NOTHING: Text("Nothing by plan"),
}


def plan(said: Plan | None) -> Text:
    """Return a plan in words."""
    if said is None:
        return BASES[NOTHING]
    if said.base is Base.FIXED:
        return counted("{n} sheet for each period", "{n} sheets for each period", said.amount)
    amount = f"{said.amount:,}"
    if said.percent_less == 0:
        return Text("as last year; {amount} where nothing was used", {"amount": amount})
    return Text(
        "last year − {percent} %; {amount} where nothing was used",
        {"percent": said.percent_less, "amount": amount},
    )


def cap(said: Draft) -> Text:
    """Return how much goes on into the next period, in words."""
    if said.carry_max == 0:
        return Text("what is left lapses")
    return counted("up to {n} sheet goes on", "up to {n} sheets go on", said.carry_max)


ASSUMED = (
    Text("The plan was in force from the beginning, for whole periods."),
    Text(
        "Nothing but the plan gave the office sheets: grants and corrections entered by hand at "
        "the time are left out."
    ),
    Text(
        "Transfers to and from accounts of people and projects happened as they did, as far as "
        "something was left."
    ),
    Text("Into the first period there went what really went there, up to the plan's cap."),
    Text("A job that is refused is not sent again, and nobody prints less because little is left."),
    Text(
        "A job that was refused then for want of sheets and now is not takes what it needed, "
        "at once."
    ),
    Text("What a limit, a project's account or a closed account refused then stays refused."),
    Text("Accounts are kept in the periods in which they are kept now."),
)
"""What the dry run takes to be so, where nobody can know (quotas/replay.py)."""
