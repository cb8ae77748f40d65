"""Pictures made by code: flat patches whose colours are known, textures, screenshots and drawings.

Photographs have few pure colours, few sharp edges and few areas that are exactly flat, so codecs that learned from them
may code these badly. All pictures are RGB, of any size from 64 x 64 pixels on, and follow from size and seed alone.
"""
