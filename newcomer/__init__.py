"""Does what people are told to type work for someone who has only the wheel?

The test suite shares one process, one folder and one set of pinned packages; a stranger has none of
these. Here, every command and program that the README, ``--help``, the examples, the notebooks and
the pages of ``docs/`` show is run by itself, from the wheel, with an empty home and no cache, in
environments without constraints: ``bare``, one for each extra, and ``all``. What a command needs
and leaves is in ``rules.toml``; whatever has no rule must simply work.

    make newcomer        # bare and all
    make newcomer-all    # each extra, too
"""
