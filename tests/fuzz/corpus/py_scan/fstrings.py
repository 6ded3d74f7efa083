import re as _re
a = {"k": 1}; w = 3
x = f"{a['k']:>{w}}"; import os
y = f'{a["k"]!r:{"^"}{w}}' f"{{literal}}" f"\N{BULLET}{w}" rf"\{w}"
z = f"""{
    a
    ['k']
} import fake
{x:%Y-%m-%d}
"""; import sys
t = f"{(lambda q: q)(1)}{w!=3}{a['k']=}"; from os import path as p
u = f'''{"""import inner"""} ''' f"{'{'}" f"{'a' if w == 3 else 'b'}"; import io
v = rf'{w}\'' ; import json
