"""Figures that stay true on another machine: ratios and counts, each beside its bare parts.

A group is a module in this folder; a figure is a function in it:

    from tests.bench.figures import AtMost, Measured, figure, ratio, side_by_side

    @figure(unit="times", aim=AtMost(1.5))
    def over_bare_parts() -> Measured:
        ours, bare = side_by_side(run_ours_s, run_bare_s)
        return ratio(ours, bare, beside="two bare verifications and one bare commit")

It is printed and written as `<group>.<function>`. `side_by_side` runs the two sides by turns, in
one process and at least five times each, so that both have the same weather; `count` is for
figures that are not ratios. A side is any function without arguments that does the thing once and
returns what it cost, in seconds, KiB or calls; `seconds_of(thing)` makes one by timing `thing()`.
"""
