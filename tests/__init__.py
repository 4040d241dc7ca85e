"""Tests, room by room, and what crosses rooms: flows, contract, integration, ui, bench, house."""
