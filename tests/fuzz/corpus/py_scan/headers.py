if (lambda: True)(): import a1
if n := 10: import a0
while n := 0: import a00
if (n := 10) > 5: import a2; import a3
if lambda x: x: import a4
while lambda x, y=lambda: 1: x: import a5; break
for i in [lambda: 1][0:1]: import a6
with open(__file__) as f, open(__file__) as g: import a7
if {1: 2}[1] and [0, 1][0:1]: import a8
elif True: import a9
else: import a10
try: import b1
except (ImportError, ValueError): import b2
else: import b3
finally: import b4
class C: import c1
class D(dict[str, int] if 0 else object, metaclass=type): import c2
def f(x: "int" = {1: 2}[1], *, y=lambda z: z) -> {1: 2}[1]: import d1
async def g():
    async with x as y:
        import d2
    async for z in y: import d3
    else: import d4
if x if y else z: import e1
if 1:
    import e2; from e3 import (e4, e5 as e6,
        e7)  # comment
    if 2:
        import e8
    else:
        import e9
elif 3:
    import e10
@(lambda f: f)
def h(): import d5
print(lambda: (yield)); import f1
x = [lambda: 0, lambda: {1: 2}]; import f2
