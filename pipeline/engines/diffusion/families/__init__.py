"""One module per family of models; each implements `family.Family`, which the sampling loop uses."""
