"""The demo: four real data sets through the real service, and what an owner sees afterwards."""
