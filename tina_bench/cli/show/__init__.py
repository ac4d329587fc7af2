"""How results are printed; knows no verb."""
