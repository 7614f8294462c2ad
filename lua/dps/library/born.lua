-- What a new library holds: the placement that Adobe's own samples refer to (contract 1.2, the
-- create sample), so that the published requests work in sequence. Data only, by the name of the
-- resource.

return {
  placement = {
    {
      id = "offerPlacement1234",
      fields = {
        name = "Sample placement",
        description = "The placement that the documented samples refer to",
        componentType = "imagelink",
        channel = "https://ns.adobe.com/xdm/channel-types/web",
        itemCount = 1,
        allowDuplicatePlacements = false,
      },
    },
  },
}
