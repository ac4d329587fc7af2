"""How figures and text of others are printed; knows no record."""
