"""The pages, a module a kind: each yields `Page`s from the evidence and renders nothing."""
