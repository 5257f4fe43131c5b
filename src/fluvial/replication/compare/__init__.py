"""What a notebook said beside what it says now, output by output."""
