"""What was verified, told as text, JUnit, a badge, Markdown and GitHub's annotations."""
