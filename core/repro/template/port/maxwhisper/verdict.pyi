from core.repro.template.verdict import StayInFloat64 as StayInFloat64
from core.repro.template.verdict import judge as judge
