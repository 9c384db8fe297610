"""Keys and the trail, as the API speaks of them."""
