"""`tina-bench leaderboard check`: whether a built site is whole, valid, accessible and safe."""
