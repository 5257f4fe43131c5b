"""What is raised when a fit has spent its budget."""

__all__ = ["BudgetSpent"]


class BudgetSpent(KeyboardInterrupt):
    """The budget is spent: stages end with the best that they have, as after Ctrl-C."""
