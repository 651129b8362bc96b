from debug.measure.layout import laid_out as laid_out
from debug.measure.layout import nearest as nearest
