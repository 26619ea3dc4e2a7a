"""Load test: a surge of generated requests through the running bot, and a report on how it coped."""
