from debug.port.port import Port as Port
