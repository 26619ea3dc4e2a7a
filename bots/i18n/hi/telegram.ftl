# जो बॉट केवल Telegram पर कहता है। $style शैली का नाम, $count चित्रों की संख्या।
# वाक्य ऐसे हैं कि बॉट के लिए पुल्लिंग या स्त्रीलिंग न चुनना पड़े।

telegram-start =
    नमस्ते! यहाँ फ़ोटो से चित्र बनते हैं, हाथ से बनी जापानी एनिमेशन फ़िल्मों की तरह। चित्र मशीन बनाती है, कोई इंसान नहीं।

    एक फ़ोटो भेजिए, उसका चित्र बन जाएगा। चाहें तो कैप्शन में शैली का नाम लिखिए, या अपनी सामान्य शैली यहाँ चुनिए:
telegram-help =
    एक फ़ोटो, एल्बम या चित्र-फ़ाइल भेजिए, उसका चित्र बन जाएगा।
    कैप्शन में शैली और गहराई लिखी जा सकती है: "watercolor 80%"।
    किसी फ़ोटो के जवाब में शैली का नाम लिखिए, चित्र उसी शैली में बनेगा।
    समूह में फ़ोटो के साथ, या फ़ोटो के जवाब में, बॉट का नाम लीजिए।

    /styles सभी शैलियाँ
    /style अपनी सामान्य शैली चुनना
    /again पिछली फ़ोटो का चित्र फिर से
    /me आपकी प्रोफ़ाइल फ़ोटो का चित्र
    /status कतार में आपका स्थान
    /cancel अपनी फ़ोटो वापस लेना
    /language भाषा चुनना
    /privacy क्या रखा जाता है
    /forget सब कुछ मिटाना
telegram-hint = एक फ़ोटो भेजिए, उसका चित्र बन जाएगा। बाकी बातें /help में हैं।
telegram-no-face = आपकी प्रोफ़ाइल फ़ोटो दिखाई नहीं दी। कोई फ़ोटो भेजिए, उसका चित्र बन जाएगा।
telegram-privacy =
    चित्र पहुँचते ही आपकी फ़ोटो मिटा दी जाती है। चित्र कुछ दिन रखे जाते हैं, ताकि नीचे के बटन काम करें, फिर वे भी मिटा दिए जाते हैं।
    फ़ोटो कहाँ और किससे ली गई, यह चित्र में कभी नहीं जाता।
    /forget आपका सब कुछ तुरंत मिटा देता है।

## प्रतीक्षा के दौरान, और उसके बाद।

telegram-received = { $count ->
    [one] आपकी फ़ोटो मिल गई।
   *[other] आपकी { $count } फ़ोटो मिल गईं।
}
telegram-not-painted = इस फ़ोटो का चित्र नहीं बन सका।
telegram-ready = आपका चित्र तैयार है।
telegram-painted-below = { $count ->
    [one] हो गया, आपका चित्र नीचे है ↓
   *[other] हो गया, आपके { $count } चित्र नीचे हैं ↓
}
telegram-in-doubt = { $count ->
    [one] आपका चित्र भेजा गया, पर बीच में संपर्क टूट गया और पता नहीं कि वह पहुँचा या नहीं। यहाँ न हो तो बटन दबाइए।
   *[other] आपके चित्र भेजे गए, पर बीच में संपर्क टूट गया और पता नहीं कि वे पहुँचे या नहीं। यहाँ न हों तो बटन दबाइए।
}
telegram-no-pictures-here = इस चैट में तस्वीरें भेजने की अनुमति नहीं है, इसलिए आपका चित्र यहाँ नहीं दिखाया जा सकता।
telegram-not-taken = आपका चित्र तैयार है, पर Telegram ने उसे नहीं लिया, इसलिए वह यहाँ नहीं दिखाया जा सकता। क्षमा कीजिए।
telegram-guest-needs-chat = आपका चित्र बन गया, पर अभी यहाँ नहीं लाया जा सकता। एक बार बॉट से चैट खोलिए और फिर से माँगिए: { $link }
telegram-cancelled = वापस ले ली गई।
telegram-cancelled-all = { $count ->
    [one] आपकी फ़ोटो वापस ले ली गई।
   *[other] आपकी { $count } फ़ोटो वापस ले ली गईं।
}
telegram-cancel-none = आपकी कोई फ़ोटो कतार में नहीं है।
telegram-cancel-late = देर हो गई, चित्र बन चुका है।
telegram-cancel-not-yours = इसे वही वापस ले सकता है जिसने फ़ोटो भेजी थी।
telegram-status-none = आपकी कोई फ़ोटो कतार में नहीं है। एक फ़ोटो भेजिए!
telegram-photo-gone = वह फ़ोटो अब रखी हुई नहीं है। कृपया फिर से भेजिए।
telegram-compared = फ़ोटो और उसका चित्र

## बटन।

telegram-softer = हल्का
telegram-stronger = गहरा
telegram-again = फिर से
telegram-original = पूरी गुणवत्ता
telegram-compare = पहले और बाद में
telegram-cancel = रद्द करें
telegram-resend = फिर से भेजें
telegram-inline-start = अपनी पहली फ़ोटो का चित्र बनवाइए

## पसंद।

telegram-style-which = आपकी सामान्य शैली कौन-सी हो?
telegram-style-unknown = यह शैली यहाँ नहीं है। ये शैलियाँ हैं:
telegram-style-set = अब से चित्र { $style } में बनेंगे, जब तक आप कोई और शैली न लिखें।
telegram-language = आप कौन-सी भाषा चाहेंगे?
telegram-language-name = हिन्दी
telegram-language-set = अब आपसे हिन्दी में बात होगी।
telegram-forget = आपका जो कुछ रखा है, सब मिटा दिया जाए? जो कतार में है वह वापस ले लिया जाएगा।
telegram-forget-yes = सब मिटा दें
telegram-forget-never = मिटा दें, और मेरी फ़ोटो का चित्र कभी न बनाएँ
telegram-forget-no = रहने दें
telegram-forgot-yes = आपका सब कुछ मिटा दिया गया।
telegram-forgot-never = आपका सब कुछ मिटा दिया गया, और आपकी डाली हुई फ़ोटो के चित्र नहीं बनेंगे।
telegram-forgot-no = कुछ नहीं मिटाया गया।

## समूह के एडमिन के लिए।

telegram-groups-only = यह समूहों की सेटिंग है।
telegram-admins-only = इसे केवल इस समूह के एडमिन बदल सकते हैं।
telegram-group-style-set = इस समूह में अब चित्र { $style } में बनेंगे, जब तक संदेश में कोई और शैली न हो।
telegram-cooldown-how = एक सदस्य की दो फ़ोटो के बीच के सेकंड लिखिए, जैसे /cooldown 60। 0 से कोई प्रतीक्षा नहीं।
telegram-cooldown-set = { $wait_s ->
    [0] अब सदस्यों की फ़ोटो के बीच कोई प्रतीक्षा नहीं है।
   *[other] अब सदस्य दो फ़ोटो के बीच { DURATION($wait_s) } रुकेंगे।
}
telegram-others-how = /others on से सदस्य एक-दूसरे की फ़ोटो के चित्र बनवा सकते हैं, /others off से केवल अपनी।
telegram-others-on = सदस्य एक-दूसरे की फ़ोटो के चित्र बनवा सकते हैं।
telegram-others-off = सदस्य केवल अपनी फ़ोटो के चित्र बनवा सकते हैं।

## बॉट चलाने वालों के लिए।

telegram-operator-done = हो गया।
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM], STAGE इनमें से एक: { $stages }
    /ban ID, /unban ID, ID किसी व्यक्ति का नंबर या PLATFORM:ID

## मेनू और प्रोफ़ाइल।

telegram-command-style = अपनी सामान्य शैली चुनना
telegram-command-styles = सभी शैलियाँ
telegram-command-again = पिछली फ़ोटो का चित्र फिर से
telegram-command-me = मेरी प्रोफ़ाइल फ़ोटो का चित्र
telegram-command-status = कतार में मेरा स्थान
telegram-command-cancel = मेरी फ़ोटो वापस लेना
telegram-command-language = भाषा चुनना
telegram-command-privacy = क्या रखा जाता है
telegram-command-forget = मेरा सब कुछ मिटाना
telegram-command-help = यह कैसे काम करता है
telegram-command-cooldown = एक सदस्य की दो फ़ोटो के बीच का समय
telegram-command-others = क्या औरों की फ़ोटो के चित्र बन सकते हैं
telegram-description = एक फ़ोटो भेजिए, मशीन उससे जापानी एनिमेशन जैसा चित्र बनाएगी। समूहों में फ़ोटो के जवाब में बॉट का नाम लीजिए।
telegram-short-description = आपकी फ़ोटो के चित्र, जापानी एनिमेशन फ़िल्मों की तरह।
telegram-by-machine = मशीन ने बनाया
