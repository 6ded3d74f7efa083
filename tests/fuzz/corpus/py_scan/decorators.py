import functools
@functools.wraps(lambda x: x)
@property
def f(): import a
@x.y[1:2].z
class C:
    @staticmethod
    def g():
        import b
        class D: import c
    import d
@ \
 dec
async def h(): import e
async def async_(): import f
def __getattr__(name):
    import g
    return import_module("pkg." + name)
import_module("one.two")
import_module(".three", __package__)
import_module(
    # comment
    "four", package=None)
__import__('five')
__import__(u"six", fromlist=["x"])
importlib.import_module(f"seven.{x}")
importlib.import_module("eight" ".nine")
importlib.import_module("ten".lower())
def import_module(name): import k
