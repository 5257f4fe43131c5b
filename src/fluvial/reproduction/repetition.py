"""What a measurement is repeated over, and how often it has to be."""

from enum import StrEnum

from fluvial.reproduction.budget import Budget

__all__ = ["Repetition"]

# Student's t pays for how few they are: the interval of three is twice as wide as that of five.
_FEWEST = 3


class Repetition(StrEnum):
    """What the values of a claim differ in.

    * TRAININGS: each value comes from a model trained with a seed of its own.
    * TEST_PARTS: each comes from a part of the test set, and all from the same trained models.
      Their spread is that of the data: another training may differ by more.
    * REPEATS: each comes from the same measurement done again, with another draw or at another
      time, where nothing is trained.

    Example:
        >>> Repetition.TRAININGS.counted(1), Repetition.TEST_PARTS.counted(10)
        ('1 training', '10 parts of the test set')
        >>> Repetition.REPEATS.least(Budget.FULL)
        5
    """

    TRAININGS = "trainings"
    TEST_PARTS = "parts of the test set"
    REPEATS = "repeats"

    def least(self, budget: Budget) -> int | None:
        """How many values a claim needs to be judged at a budget; None if it never is.

        Three trainings are enough at the full budget, where one may take hours.
        """
        if budget is Budget.SMOKE:
            return None
        if budget is Budget.QUICK or self is Repetition.TRAININGS:
            return _FEWEST
        return 5

    def counted(self, count: int) -> str:
        """Name a number of them."""
        word, _, rest = self.value.partition(" ")
        return f"{count} {word.removesuffix('s') if count == 1 else word} {rest}".rstrip()
