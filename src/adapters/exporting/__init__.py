"""Exporting: files that other tools read, written as they are read, whatever their length."""
