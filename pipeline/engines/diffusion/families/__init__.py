"""How each family of models is spoken to: one file each, behind one protocol, so that one loop serves all."""
