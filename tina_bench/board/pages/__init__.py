"""The pages, one module per kind: each yields `Page`s and renders nothing."""
