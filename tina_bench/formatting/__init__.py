"""How figures and text of others are formatted; knows no record."""
