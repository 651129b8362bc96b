from core.repro.template.judging import StayInFloat64 as StayInFloat64
from core.repro.template.judging import judge as judge
