// A sensor of temperature as a machine's firmware has it: what it measures is
// the last byte, in degrees Celsius, that came in on the second serial line.
DefinitionBlock ("", "SSDT", 2, "FLEET", "SENSOR", 1)
{
    Scope (\_TZ)
    {
        OperationRegion (LINE, SystemIO, 0x2F8, 1)
        Field (LINE, ByteAcc, NoLock, Preserve)
        {
            DEGC, 8
        }
        ThermalZone (RACK)
        {
            // ACPI counts in tenths of a kelvin.
            Method (_TMP, 0, Serialized)
            {
                Return (Add (2732, Multiply (DEGC, 10)))
            }
            // Nothing is measured that has the kernel turn the machine off.
            Name (_CRT, 4732)
        }
    }
}
