# -*- coding: latin-1 -*-
x = "éÿ"; import a
