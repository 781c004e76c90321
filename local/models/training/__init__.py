"""How the shipped model data was made."""
