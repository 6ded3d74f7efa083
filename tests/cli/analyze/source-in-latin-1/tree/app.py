# -*- coding: latin-1 -*-
X = 'ä'

def handler(event, context):
    return X
