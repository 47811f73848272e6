"""The rules of a run as small stories: given a pipeline, when this happens, then that.

Each story names its rule of the semantics. Sentences that people read are compared as they are.
"""
