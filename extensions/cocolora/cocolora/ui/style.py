"""The tab's style: layout, and the colours of whatever theme the host page has; only scores bring their own."""

from pathlib import Path

STYLE = f"<style>{Path(__file__).with_name('style.css').read_text(encoding='utf-8')}</style>"
