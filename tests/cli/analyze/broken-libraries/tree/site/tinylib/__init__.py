from tinylib import _empty, _cut, _half, _text
def double(n):
    return 2 * n
