w = 1
n = f"{f"{f"{w}"}"}"; import os
m = f"{
    w +
    1
}"; import sys
k = f'{a["b" + 'c']}' if w > 3 else f"{"}"}"; import io
c = f"""{
    w  # a comment with } and "
    + 1
} import fake
"""; import re
