"""Audits of published numbers themselves: what they can mean before anything is measured anew."""
