import json, tinylib, nowhere

def handler(event, context):
    return __import__(event['m'])
