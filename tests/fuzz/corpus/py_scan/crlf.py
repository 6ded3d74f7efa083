import a
if True:
    import b
    x = """

"""
    s = "a\
b"
    import c \
        as e
import d
