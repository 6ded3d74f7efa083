from tinylib import _fast, _slow
def double(n):
    return 2 * n
