"""Property tests are judged by what they find, not by how long an example takes on a busy machine."""

import hypothesis

hypothesis.settings.register_profile("parley", deadline=None)
hypothesis.settings.load_profile("parley")
