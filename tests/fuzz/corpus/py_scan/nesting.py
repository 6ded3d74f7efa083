import typing as t
from typing import TYPE_CHECKING
class A:
    if True:
        try:
            with x:
                for y in z:
                    while 1:
                        import a
                    else:
                        import b
        except ImportError:
            def f():
                import c
        else: import d
        finally:
            import e
if TYPE_CHECKING:
    import f
else:
    import g
if t.TYPE_CHECKING: import h
elif (TYPE_CHECKING):
    import i
elif not TYPE_CHECKING: import j
elif TYPE_CHECKING and x: import k
# a comment at column 0
    # and one that is indented
if x:
        import l

# blank lines and comments do not end a block
        import m
else :
  import n
def g(): \
    import o
