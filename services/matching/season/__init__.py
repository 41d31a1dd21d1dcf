"""The season's plan: who is referred where when places are few, and who meets whom at a fair."""
