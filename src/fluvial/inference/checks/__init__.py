"""Whether a target can be fitted at all: finite, consistent, and with a finite integral."""
