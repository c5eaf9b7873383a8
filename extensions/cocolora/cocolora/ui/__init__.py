"""The Gradio tab: widgets call the engine and show its events, no logic."""
