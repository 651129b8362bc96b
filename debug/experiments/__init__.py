"""Both sides run under another condition: a layer isolated, repaired, without taps."""
