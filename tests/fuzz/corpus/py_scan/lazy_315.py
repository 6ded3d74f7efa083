lazy import a.b as c
lazy from d import e, f as g
lazy = 1
lazy.x = 2
import h
__lazy_modules__ = ["h"]
